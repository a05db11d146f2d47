/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Goes into the kernel's i2c-stub.c, which can do SMBus calls only, and makes a raw bus of it: chips are files of
 * registers, the first byte written is the register that the following bytes go to or come from.
 */
static int stub_raw(struct i2c_adapter *adap, struct i2c_msg *msgs, int num)
{
	struct i2c_msg *m;

	for (m = msgs; m < msgs + num; m++) {
		int i, k = 0;

		while (k < stub_chips_nr && chip_addr[k] != m->addr)
			k++;
		if (k == stub_chips_nr)
			return -ENXIO;
		for (i = 0; i < m->len; i++) {
			if (m->flags & I2C_M_RD)
				m->buf[i] = *stub_get_wordp(stub_chips + k, stub_chips[k].pointer++);
			else if (i == 0)
				stub_chips[k].pointer = m->buf[i];
			else
				*stub_get_wordp(stub_chips + k, stub_chips[k].pointer++) = m->buf[i];
		}
	}
	return num;
}

